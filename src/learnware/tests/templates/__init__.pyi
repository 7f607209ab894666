from ._templates import LearnwareTemplate as LearnwareTemplate
from ._templates import ModelTemplate as ModelTemplate
from ._templates import PickleModelTemplate as PickleModelTemplate
from ._templates import StatSpecTemplate as StatSpecTemplate
from ._templates import convert_folder_to_zipfile as convert_folder_to_zipfile
from ._templates import save_dict_to_yaml as save_dict_to_yaml
